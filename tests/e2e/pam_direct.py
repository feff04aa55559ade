"""One login through libpam from a folder of service files of one's own: other people's modules, as they really are.

SPDX-License-Identifier: Apache-2.0
"""
import ctypes

PAM_SUCCESS = 0


class _Message(ctypes.Structure):
    _fields_ = [("style", ctypes.c_int), ("text", ctypes.c_char_p)]


class _Response(ctypes.Structure):
    _fields_ = [("text", ctypes.c_void_p), ("code", ctypes.c_int)]


_CONVERSE = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.POINTER(ctypes.POINTER(_Message)),
                             ctypes.POINTER(ctypes.POINTER(_Response)), ctypes.c_void_p)


class _Conversation(ctypes.Structure):
    _fields_ = [("converse", _CONVERSE), ("arg", ctypes.c_void_p)]


def authenticate(folder, service, user, answer):
    """What pam_authenticate returns when every prompt is answered with the answer."""
    libc, libpam = ctypes.CDLL("libc.so.6"), ctypes.CDLL("libpam.so.0")
    libc.calloc.restype = libc.strdup.restype = ctypes.c_void_p

    @_CONVERSE
    def converse(count, messages, responses, arg):
        del messages, arg
        replies = ctypes.cast(libc.calloc(count, ctypes.sizeof(_Response)), ctypes.POINTER(_Response))
        for index in range(count):
            replies[index].text = libc.strdup(answer.encode())
        responses[0] = replies
        return PAM_SUCCESS

    handle = ctypes.c_void_p()
    conversation = _Conversation(converse, None)
    started = libpam.pam_start_confdir(service.encode(), user.encode(), ctypes.byref(conversation),
                                       str(folder).encode(), ctypes.byref(handle))
    assert started == PAM_SUCCESS
    result = libpam.pam_authenticate(handle, 0)
    libpam.pam_end(handle, result)
    return result

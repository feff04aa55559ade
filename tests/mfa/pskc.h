/*
 * PSKC files for tests: the encrypted ones are those of RFC 6030, figures 6 and 7.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_MFA_PSKC_H
#define TESTS_MFA_PSKC_H

#define PSKC_BEGIN                                                                                 \
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"                                                 \
    "<pskc:KeyContainer Version=\"1.0\" xmlns:pskc=\"urn:ietf:params:xml:ns:keyprov:pskc\"\n"      \
    " xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\" "                                            \
    "xmlns:xenc=\"http://www.w3.org/2001/04/xmlenc#\"\n"                                           \
    " xmlns:xenc11=\"http://www.w3.org/2009/xmlenc11#\"\n"                                         \
    " xmlns:pkcs5=\"http://www.rsasecurity.com/rsalabs/pkcs/schemas/pkcs-5v2-0#\">\n"
#define PSKC_END "</pskc:KeyContainer>\n"

/* One package on a line of its own. */
#define PSKC_PACKAGE(serial, algorithm, parameters, data)                                          \
    "<pskc:KeyPackage><pskc:DeviceInfo><pskc:Manufacturer>oath.example</pskc:Manufacturer>"        \
    "<pskc:SerialNo>" serial "</pskc:SerialNo></pskc:DeviceInfo><pskc:Key Id=\"1\" "               \
    "Algorithm=\"urn:ietf:params:xml:ns:keyprov:pskc:" algorithm "\">"                             \
    "<pskc:AlgorithmParameters>" parameters "</pskc:AlgorithmParameters><pskc:Data>" data          \
    "</pskc:Data></pskc:Key></pskc:KeyPackage>\n"
#define PSKC_DECIMAL(digits) "<pskc:ResponseFormat Length=\"" digits "\" Encoding=\"DECIMAL\"/>"
/* "12345678901234567890" */
#define PSKC_PLAIN                                                                                 \
    "<pskc:Secret><pskc:PlainValue>MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=</pskc:PlainValue></pskc:Secret>"
#define PSKC_PERIOD(s)                                                                             \
    "<pskc:TimeInterval><pskc:PlainValue>" s "</pskc:PlainValue></pskc:TimeInterval>"
#define PSKC_ENCRYPTED(cipher, mac)                                                                \
    "<pskc:Secret><pskc:EncryptedValue><xenc:EncryptionMethod "                                    \
    "Algorithm=\"http://www.w3.org/2001/04/xmlenc#aes128-cbc\"/><xenc:CipherData>"                 \
    "<xenc:CipherValue>\n " cipher "\n</xenc:CipherValue></xenc:CipherData></pskc:EncryptedValue>" \
    "<pskc:ValueMAC>" mac "</pskc:ValueMAC></pskc:Secret>"

#define PSKC_MAC(key)                                                                              \
    "<pskc:MACMethod Algorithm=\"http://www.w3.org/2000/09/xmldsig#hmac-sha1\"><pskc:MACKey>"      \
    "<xenc:EncryptionMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#aes128-cbc\"/>"           \
    "<xenc:CipherData><xenc:CipherValue>" key "</xenc:CipherValue></xenc:CipherData>"              \
    "</pskc:MACKey></pskc:MACMethod>\n"

/* Figure 6: the key is 12345678901234567890123456789012 in hexadecimal. */
#define PSKC_PRESHARED                                                                             \
    "<pskc:EncryptionKey><ds:KeyName>Pre-shared-key</ds:KeyName></pskc:EncryptionKey>\n" PSKC_MAC( \
        "ESIzRFVmd4iZABEiM0RVZgKn6WjLaTC1sbeBMSvIhRejN9vJa2BOlSaMrR7I5wSX")
#define PSKC_PRESHARED_CIPHER "AAECAwQFBgcICQoLDA0OD+cIHItlB3Wra1DUpxVvOx2lef1VmNPCMl8jwZqIUqGv"
#define PSKC_PRESHARED_SECRET PSKC_ENCRYPTED(PSKC_PRESHARED_CIPHER, "Su+NvtQfmvfJzF6bmQiJqoLRExc=")

/* Figure 7: the passphrase is "qwerty". */
#define PSKC_DERIVED_BY(salt, iterations, length, prf)                                             \
    "<pskc:EncryptionKey><xenc11:DerivedKey><xenc11:KeyDerivationMethod "                          \
    "Algorithm=\"http://www.rsasecurity.com/rsalabs/pkcs/schemas/pkcs-5v2-0#pbkdf2\">"             \
    "<pkcs5:PBKDF2-params><Salt><Specified>" salt "</Specified></Salt><IterationCount>" iterations \
    "</IterationCount>" length prf "</pkcs5:PBKDF2-params></xenc11:KeyDerivationMethod>"           \
    "<xenc11:MasterKeyName>My Password 1</xenc11:MasterKeyName></xenc11:DerivedKey>"               \
    "</pskc:EncryptionKey>\n" PSKC_MAC(                                                            \
        "2GTTnLwM3I4e5IO5FkufoOEiOhNj91fhKRQBtBJYluUDsPOLTfUvoU2dStyOwYZx")
#define PSKC_DERIVED PSKC_DERIVED_BY("Ej7/PEpyEpw=", "1000", "<KeyLength>16</KeyLength>", "<PRF/>")
#define PSKC_DERIVED_SECRET                                                                        \
    PSKC_ENCRYPTED("oTvo+S22nsmS2Z/RtcoF8Hfh+jzMe0RkiafpoDpnoZTjPYZu6V+A4aEn032yCr4f",             \
        "LP6xMvjtypbfT9PdkJhBZ+D6O4w=")

#endif

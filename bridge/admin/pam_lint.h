/*
 * The judgement of a PAM service, for the word pam-lint and for doctor.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BRIDGE_ADMIN_PAM_LINT_H
#define BRIDGE_ADMIN_PAM_LINT_H

#include "conf/pamstack.h"

#define PAM_LINT_DIR         "/etc/pam.d"
#define PAM_LINT_SSHD_CONFIG "/etc/ssh/sshd_config"

/*
 * Read and judge a service; of sshd its own configuration too. 0, FED_E_NOT_FOUND (there is no such service), or why not in
 * findings. ret_stack on success, for pamstack_free.
 */
FED_MUST_USE int pam_lint_service(const char *dir, const char *sshd_config, const char *service,
    struct pamstack **ret_stack, struct findings *findings);

#endif

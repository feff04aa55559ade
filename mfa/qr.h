/*
 * A QR code for a terminal (libqrencode): two modules a character cell with half blocks, a quiet
 * zone of four modules as ISO/IEC 18004 wants, dark on light set explicitly so that it scans on
 * any colour scheme.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef MFA_QR_H
#define MFA_QR_H

#include <stdbool.h>

#include "base/err.h"
#include "base/secret.h"

/*
 * Append the picture to ret (it encodes a seed: a secret), lines ending in newline.
 *   colour   with ANSI colours; without, for dumb terminals, inverted by full blocks
 * 0, FED_E_TOO_BIG (text or picture), FED_E_NOMEM.
 */
FED_MUST_USE int qr_draw(const char *text, bool colour, struct fed_secret *ret);

#endif

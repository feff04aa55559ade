/*
 * Names in one buffer, one after the other.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bridge/login/names.h"

#include <string.h>

int
names_add(struct names *names, const char *name)
{
    return fed_secret_add(&names->bytes, name, strlen(name) + 1);
}

void
names_clear(struct names *names)
{
    fed_secret_clear(&names->bytes);
}

void
names_done(struct names *names)
{
    fed_secret_done(&names->bytes);
}

/* The name at *at, which moves behind it; NULL at the end. */
static const char *
next(const struct names *names, size_t *at)
{
    if (*at >= names->bytes.len)
        return NULL;
    const char *name = (const char *)names->bytes.data + *at;
    *at += strlen(name) + 1;
    return name;
}

int
names_join(const struct names *names, struct fed_secret *to)
{
    const char *name;
    size_t at = 0;
    int r = 0;

    for (bool first = true; r == 0 && (name = next(names, &at)) != NULL; first = false)
        r = fed_secret_addf(to, "%s%s", first ? "" : ", ", name);
    return r;
}

void
names_json(const struct names *names, struct json *j, const char *key)
{
    const char *name;
    size_t at = 0;

    json_open(j, key, '[');
    while ((name = next(names, &at)) != NULL)
        json_text(j, NULL, name);
    json_close(j, ']');
}

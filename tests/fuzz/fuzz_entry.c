/*
 * Any attributes as an entry and as a person: read whole, or refused, and nothing leaks. The input is a row
 * of attributes: a byte for the name, one for how many values, and before each value two for its length.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>
#include <string.h>

#include "ldap/entry.h"
#include "ldap/why.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { VALUES = 8 };

static const char *const attribute_names[] = {"objectSid", "userAccountControl",
    "msDS-User-Account-Control-Computed", "accountExpires", "msDS-UserPasswordExpiryTimeComputed",
    "pwdLastSet", "tokenGroups", "department", "sAMAccountName", "userPrincipalName",
    "tokenGroups;range=0-1499", "objectSi", "tokenGroups;range=0-0", "tokenGroups;range=1-*",
    "tokenGroups;range=1-2", "department;range=0-1", "tokenGroups;range=0-*"};

/* The values of the next attribute, each a heap copy of its own size, so that reading on is seen. */
static size_t
take_values(const uint8_t **data, size_t *size, struct berval *values, size_t n)
{
    size_t found = 0;

    for (; found < n && *size >= 2; found++) {
        size_t len = (size_t)(*data)[0] << 8 | (*data)[1];
        *data += 2;
        *size -= 2;
        if (len > *size)
            len = *size;
        values[found].bv_len = len;
        values[found].bv_val = malloc(len != 0 ? len : 1);
        if (values[found].bv_val == NULL)
            abort();
        memcpy(values[found].bv_val, *data, len);
        *data += len;
        *size -= len;
    }
    return found;
}

static size_t
feed(struct conn_sink *sink, const uint8_t *data, size_t size)
{
    struct berval dn = {4, (char *)"CN=x"}, name, values[VALUES];
    int r;

    sink->start(sink->arg);
    r = sink->entry(sink->arg, &dn);
    while (r == 0 && size >= 2) {
        const char *text =
            attribute_names[data[0] % (sizeof(attribute_names) / sizeof(attribute_names[0]))];
        size_t n = data[1] % (VALUES + 1);
        data += 2;
        size -= 2;
        name = (struct berval){strlen(text), (char *)text};
        n = take_values(&data, &size, values, n);
        r = sink->attribute(sink->arg, &name, values, n);
        for (size_t i = 0; i < n; i++)
            free(values[i].bv_val);
    }
    return size;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char *extra_names[] = {(char *)"department"};
    static const struct conf_list extra = {extra_names, 1};
    struct entry_reader reader;
    struct person_reader person = {0};
    struct addir_entry entry;
    struct conn_sink sink;
    char why[WHY_MAX];

    entry_reader_init(&reader, &extra);
    sink = entry_sink(&reader);
    size_t left = feed(&sink, data, size);
    if (entry_has_more(&reader)) {
        sink = entry_piece_sink(&reader);
        (void)feed(&sink, data + (size - left), left);
    }
    if (entry_take(&reader, &entry, why) == 0) {
        for (size_t i = 0; i < entry.n_groups; i++)
            if (!addir_in_group(&entry, &entry.groups[i]))
                abort();
        (void)!account_check(&entry.account, 1800000000);
        addir_entry_done(&entry);
    }
    entry_reader_done(&reader);

    sink = person_sink(&person);
    (void)feed(&sink, data, size);
    if (strlen(person.person.sam) > TEXT_NAME_MAX || strlen(person.person.dn) >= ADDIR_DN_MAX)
        abort();
    return 0;
}

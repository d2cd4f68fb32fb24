// SPDX-License-Identifier: MIT
#include "report/place.h"

#include <elf.h>
#include <inttypes.h>
#include <string.h>

static uint64_t code_address(const struct session *session, uint64_t address)
{
    return session->target.machine == EM_ARM ? address & ~(uint64_t)1 : address;
}

bool place_find(const struct session *session, uint64_t address, struct place *ret)
{
    const struct symbol *symbol =
        session->has_firmware ? symbols_at(&session->firmware.symbols, address) : NULL;

    if (!symbol)
        return false;
    *ret = (struct place){symbol->name, code_address(session, symbol->address), symbol->size};
    return true;
}

size_t place_count_aliases(const struct session *session, const struct place *place)
{
    const struct vec *list = &session->firmware.symbols.list;
    size_t count = 0;

    for (size_t i = 0; i < list->len; i++)
        count += code_address(session, ((const struct symbol *)vec_at(list, i))->address) ==
                 place->start;
    return count - 1;
}

void place_add(const struct session *session, uint64_t address, struct text *text)
{
    struct place place;

    if (!place_find(session, address, &place))
        return;
    text_escaped(text, place.name, strlen(place.name));
    if (address > place.start && place.size)
        text_printf(text, "+0x%" PRIx64, address - place.start);
}

void place_set(const struct session *session, uint64_t address, json_t *document)
{
    struct text text;

    text_init(&text, NULL);
    place_add(session, address, &text);
    if (text.len)
        json_object_set_new(document, "symbol", json_text(text.bytes));
    text_deinit(&text);
}

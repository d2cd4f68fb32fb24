// SPDX-License-Identifier: MIT
#include "report/page_template.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

// page.html, which the assembler finds where the Makefile says.
__asm__(".pushsection .rodata\n"
        "page_template_first:\n"
        ".incbin \"page.html\"\n"
        "page_template_end:\n"
        ".popsection\n");
extern const char page_template_first[], page_template_end[];

struct page_template page_template(void)
{
    static const char place[] = "@DATA@"; // page/build.mjs holds that it is there, once
    size_t size = (uintptr_t)page_template_end - (uintptr_t)page_template_first;
    const char *found = memmem(page_template_first, size, place, sizeof place - 1);

    assert(found);
    const char *tail = found + sizeof place - 1;
    return (struct page_template){page_template_first, tail, (size_t)(found - page_template_first),
                                  size - (size_t)(tail - page_template_first)};
}

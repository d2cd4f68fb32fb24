// SPDX-License-Identifier: MIT
#include "report/palette.h"

#include <string.h>

enum { HUE_OTHER = 9 };

const struct hue hues[] = {
    {"free", ".", 0xe3e3e3, 240},
    {"tail", "=", 0xa6a6a6, 247},
    {"text", "SsqP", 0x56b4e9, 74},
    {"sequence", "LTNQril", 0xe69f00, 214},
    {"mapping", "DOyEdu", 0x009e73, 36},
    {"number", "FXZz", 0xf0e442, 227},
    {"buffer", "AVavHf", 0xcc79a7, 175},
    {"code", "BncebgGMkWtjUY", 0x0072b2, 32},
    {"class", "CIpxJKw", 0xd55e00, 166},
    [HUE_OTHER] = {"other", "ohm*", 0x6b6b6b, 252},
    {"unknown", "?", 0x000000, HUE_REVERSED},
};
const size_t hue_count = sizeof hues / sizeof *hues;

const struct hue *hue_of(char letter)
{
    for (size_t i = 0; i < hue_count; i++)
        if (letter && strchr(hues[i].letters, letter))
            return &hues[i];
    return &hues[HUE_OTHER];
}

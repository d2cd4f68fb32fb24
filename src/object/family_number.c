// SPDX-License-Identifier: MIT
// Integers too large for a word, floats, complex numbers, and the constants that are
// objects in ROM before v1.13.
#include <elf.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "object/labels.h"
#include "object/value.h"

// --- int: py/mpz.h mpz_t, or a 64-bit integer (py/objint_longlong.c) ---

enum { MPZ_BITS, MPZ_LEN, MPZ_DIGITS };

// MPZ_DIG_SIZE is 32 on x86-64 and 16 everywhere else (py/mpz.h). Programs are dumped
// as cores, which name their machine.
static size_t digit_bytes(const struct objects *objects)
{
    return objects->target->machine == EM_X86_64 ? 4 : 2;
}

struct mpz {
    bool is_negative;
    uint64_t alloc, len, digits;
};

static bool read_mpz(const struct objects *objects, const struct object *object, struct mpz *ret)
{
    uint64_t at = object->address + objects->word, bits;

    if (!objects_word(objects, at, &bits) ||
        !objects_word(objects, at + objects->word, &ret->len) ||
        !objects_word(objects, at + 2 * objects->word, &ret->digits))
        return false;
    ret->is_negative = bits & 1;
    ret->alloc = bits >> 2;
    return true;
}

// Room for digits and a pointer to them go together, in no other integer.
static bool is_mpz(const struct objects *objects, const struct object *object)
{
    struct mpz mpz;

    return read_mpz(objects, object, &mpz) && mpz.len <= mpz.alloc &&
           (mpz.alloc != 0) == (mpz.digits != 0);
}

static const struct kind kind_digits = {
    .name = "int digits", .letter = 'z', .meaning = "digits of a big int", .is_block = true};

static const struct field digits_field = {"digits", FORM_BLOCK, &kind_digits, 0, 0, false};

static void visit_mpz(struct visitor *visitor, const struct object *object)
{
    struct mpz mpz;

    if (read_mpz(visitor->objects, object, &mpz) && mpz.digits && mpz.alloc < 1u << 24)
        visitor->block(visitor, &kind_digits, mpz.digits, mpz.alloc * digit_bytes(visitor->objects),
                       &digits_field);
}

// Longer numbers than anybody reads print as their size.
enum { LIMBS_MAX = 512 };

// Divide `count` limbs of 32 bits, the lowest first, by ten to the ninth.
static uint32_t divide(uint32_t *limbs, size_t *count)
{
    uint64_t rest = 0;

    for (size_t i = *count; i-- > 0;) {
        uint64_t value = rest << 32 | limbs[i];

        limbs[i] = (uint32_t)(value / 1000000000u);
        rest = value % 1000000000u;
    }
    while (*count > 0 && limbs[*count - 1] == 0)
        (*count)--;
    return (uint32_t)rest;
}

static void add_decimal(struct text *text, uint32_t *limbs, size_t count)
{
    uint32_t groups[LIMBS_MAX * 32 / 29 + 2];
    size_t used = 0;

    while (count > 0)
        groups[used++] = divide(limbs, &count);
    text_printf(text, "%" PRIu32, used ? groups[used - 1] : 0);
    for (size_t i = used ? used - 1 : 0; i-- > 0;)
        text_printf(text, "%09" PRIu32, groups[i]);
}

static bool read_limbs(const struct objects *objects, const struct mpz *mpz, uint32_t *limbs,
                       size_t *ret_count)
{
    size_t size = digit_bytes(objects);

    *ret_count = (size_t)(mpz->len * size + 3) / 4;
    memset(limbs, 0, *ret_count * sizeof *limbs);
    for (uint64_t i = 0; i < mpz->len; i++) {
        uint64_t digit;

        if (!objects_uint(objects, mpz->digits + i * size, size, &digit))
            return false;
        limbs[i * size / 4] |= (uint32_t)digit << 8 * (i * size % 4);
    }
    return true;
}

static void print_mpz(struct printer *printer, const struct object *object)
{
    uint32_t limbs[LIMBS_MAX];
    struct mpz mpz;
    size_t count;

    if (!read_mpz(printer->objects, object, &mpz) || mpz.len > mpz.alloc) {
        print_bad(printer, object->address, "int");
        return;
    }
    if (mpz.len * digit_bytes(printer->objects) > sizeof limbs) {
        text_printf(printer->text, "<int of %" PRIu64 " bits>",
                    mpz.len * digit_bytes(printer->objects) * 8);
        return;
    }
    if (!print_fits(printer, mpz.digits, mpz.len, digit_bytes(printer->objects)))
        return;
    if (!read_limbs(printer->objects, &mpz, limbs, &count)) {
        print_bad(printer, mpz.digits, "unreadable digits");
        return;
    }
    while (count > 0 && limbs[count - 1] == 0)
        count--;
    text_puts(printer->text, mpz.is_negative && count ? "-" : "");
    add_decimal(printer->text, limbs, count);
}

static const struct kind kind_mpz = {
    .name = "int",
    .letter = 'Z',
    .meaning = "int too large for a word",
    .type_names = (const char *const[]){"int", NULL},
    .is_for = is_mpz,
    .fields = {{"bits", FORM_SIZE}, {"len", FORM_SIZE}, {"dig", FORM_POINTER}},
    .visit = visit_mpz,
    .print = print_mpz,
};

static void print_long(struct printer *printer, const struct object *object)
{
    uint64_t value;

    if (print_get(printer, object, 0, &value))
        text_printf(printer->text, "%" PRId64, (int64_t)value);
}

static const struct kind kind_long = {
    .name = "int",
    .letter = 'Z',
    .type_names = (const char *const[]){"int", NULL},
    .fields = {{"value", FORM_LONG}},
    .print = print_long,
};

// --- float and complex: py/objfloat.c, py/objcomplex.c ---

static void print_number(struct printer *printer, const struct object *object)
{
    uint64_t bits;

    if (print_get(printer, object, 0, &bits))
        print_number_bits(printer, bits);
}

static const struct kind kind_float = {
    .name = "float",
    .letter = 'F',
    .meaning = "float",
    .type_names = (const char *const[]){"float", NULL},
    .fields = {{"value", FORM_FLOAT}},
    .print = print_number,
};

// Whole numbers stand without ".0" there: py/objcomplex.c complex_print.
static void print_part(struct printer *printer, double number)
{
    size_t before = printer->text->len;

    print_float(printer, number, printer->objects->number);
    size_t len = printer->text->len;
    if (!printer->text->failed && len - before > 2 && !strcmp(printer->text->bytes + len - 2, ".0"))
        printer->text->bytes[printer->text->len = len - 2] = '\0';
}

static void print_complex(struct printer *printer, const struct object *object)
{
    uint64_t bits[2];

    if (!print_get(printer, object, 0, &bits[0]) || !print_get(printer, object, 1, &bits[1]))
        return;
    double real = print_number_of(printer->objects, bits[0]);
    double imaginary = print_number_of(printer->objects, bits[1]);
    if (real != 0.0 || isnan(real)) {
        text_putc(printer->text, '(');
        print_part(printer, real);
        text_puts(printer->text, imaginary >= 0 || isnan(imaginary) ? "+" : "");
    }
    print_part(printer, imaginary);
    text_puts(printer->text, real != 0.0 || isnan(real) ? "j)" : "j");
}

static const struct kind kind_complex = {
    .name = "complex",
    .letter = 'X',
    .meaning = "complex",
    .type_names = (const char *const[]){"complex", NULL},
    .fields = {{"real", FORM_FLOAT}, {"imag", FORM_FLOAT}},
    .print = print_complex,
};

// A single float leaves the upper half of where a double would be as the collector
// cleared it; few doubles have an upper half of zero.
struct survey {
    struct objects *objects;
    uint64_t end; // heads from here on are not looked at
    unsigned singles, doubles;
};

enum { SURVEY_MAX = 64, SURVEY_BYTES = 16, SAMPLE_BYTES = 8192 };

static bool is_float(const struct objects *objects, uint64_t block, uint64_t address)
{
    struct object object;

    if (objects_kind_number(objects, block))
        return objects_kind(objects, block) == &kind_float;
    return objects_get(objects, address, &object) && object.kind == &kind_float;
}

static int survey_float(void *context, uint64_t block, uint64_t address, uint64_t bytes)
{
    struct survey *survey = context;
    struct objects *objects = survey->objects;
    size_t word = objects->word;
    size_t at = word == 8 ? 8 : objects->wide;
    uint64_t low = 0, high;

    if (block >= survey->end)
        return 1;
    if (bytes < at + 8 || !is_float(objects, block, address))
        return 0;
    if (!objects_uint(objects, address + at + 4, 4, &high) ||
        (at > word && !objects_uint(objects, address + word, 4, &low)))
        return 0;
    survey->doubles += high != 0 && low == 0;
    survey->singles += high == 0 && (at == word || low != 0);
    return survey->doubles + survey->singles == SURVEY_MAX;
}

struct float_places {
    const struct objects *objects;
    struct range ranges[SURVEY_MAX];
    size_t count;
};

static int add_float_place(void *context, uint64_t block, uint64_t address, uint64_t bytes)
{
    struct float_places *places = context;

    if (objects_kind(places->objects, block) == &kind_float)
        places->ranges[places->count++] =
            (struct range){address, bytes < SURVEY_BYTES ? bytes : SURVEY_BYTES};
    return places->count == SURVEY_MAX;
}

// Of a heap that is labelled.
static void fetch_floats(const struct objects *objects)
{
    struct float_places places = {.objects = objects};

    if (!objects->target->cache)
        return;
    objects_each_head(objects, &(struct head_walk){add_float_place, &places});
    target_fetch(objects->target, places.ranges, places.count, NULL);
}

// The heads of the first `blocks` blocks.
static void survey_floats(struct objects *objects, uint64_t blocks)
{
    struct survey survey = {objects, blocks, 0, 0};

    objects_each_head(objects, &(struct head_walk){survey_float, &survey});
    if (survey.doubles || survey.singles)
        objects->number = survey.doubles > survey.singles ? 8 : 4;
}

// False: floats are objects, and how wide they are is not said.
static bool number_of_repr(struct objects *objects)
{
    enum repr repr = objects->layout->repr;

    if (repr != REPR_D && repr != REPR_C && repr != REPR_C_OLD)
        return false;
    objects->number = repr == REPR_D ? 8 : 4;
    return true;
}

// math.pi of py/modmath.c, an mp_obj_float_t.
static bool number_of_constant(struct objects *objects)
{
    const struct symbol *pi =
        objects->symbols ? symbols_find(objects->symbols, "mp_const_float_pi_obj") : NULL;

    if (!pi || objects->word != 4 || !pi->size)
        return false;
    objects->number = pi->size > 8 ? 8 : 4;
    return true;
}

void numbers_measure(struct objects *objects)
{
    if (!number_of_repr(objects) && !number_of_constant(objects)) {
        fetch_floats(objects);
        survey_floats(objects, objects->block_count);
    }
    objects_lay_out(objects);
}

void numbers_sample(struct objects *objects)
{
    if (!number_of_repr(objects) && !number_of_constant(objects)) {
        uint64_t blocks = SAMPLE_BYTES / objects->layout->block_bytes;

        target_fetch(objects->target,
                     &(struct range){objects->areas[0].area->pool_start, SAMPLE_BYTES}, 1, NULL);
        survey_floats(objects, blocks < objects->block_count ? blocks : objects->block_count);
    }
    objects_lay_out(objects);
}

// --- bool, None and other constants: py/objbool.c, py/objnone.c, py/objsingleton.c ---

static void print_bool(struct printer *printer, const struct object *object)
{
    uint64_t value;

    if (objects_uint(printer->objects, object->address + printer->objects->word, 1, &value))
        text_puts(printer->text, value ? "True" : "False");
    else
        print_bad(printer, object->address, "unreadable bool");
}

static const struct kind kind_bool = {
    .name = "bool",
    .letter = 'o',
    .type_names = (const char *const[]){"bool", NULL},
    .print = print_bool,
};

static void print_none(struct printer *printer, const struct object *object)
{
    (void)object;
    text_puts(printer->text, "None");
}

static const struct kind kind_none = {
    .name = "NoneType",
    .letter = 'o',
    .type_names = (const char *const[]){"NoneType", NULL},
    .print = print_none,
};

const struct kind *const number_family[] = {&kind_mpz,     &kind_long, &kind_digits, &kind_float,
                                            &kind_complex, &kind_bool, &kind_none,   NULL};

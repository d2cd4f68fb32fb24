// SPDX-License-Identifier: MIT
#include "report/dot.h"

#include <string.h>

// Nodes are named by what they stand for: the address of an allocation, a root's name.
struct edge {
    const char *from, *to, *label; // in the document; `label` may be NULL
};

struct dot {
    struct text *text;
    struct vec nodes; // of const char *: in the document
    struct vec edges; // of struct edge
    bool is_cut;
};

// In a quoted string of the DOT language only the quote needs escaping; a backslash begins
// an escape of its own in labels.
static void add_quoted(struct dot *dot, const char *string)
{
    text_putc(dot->text, '"');
    for (; *string; string++) {
        if (*string == '"' || *string == '\\')
            text_putc(dot->text, '\\');
        text_putc(dot->text, *string);
    }
    text_putc(dot->text, '"');
}

static bool is_known(const struct dot *dot, const char *id)
{
    for (size_t i = 0; i < dot->nodes.len; i++)
        if (!strcmp(*(const char *const *)vec_at(&dot->nodes, i), id))
            return true;
    return false;
}

// False when there is no room for it. `title` NULL: the id says all.
static bool add_node(struct dot *dot, const char *id, const char *title)
{
    if (is_known(dot, id))
        return true;
    const char **slot = dot->nodes.len < DOT_NODES_MAX ? vec_add(&dot->nodes) : NULL;
    if (!slot) {
        dot->is_cut = true;
        return false;
    }
    *slot = id;
    text_puts(dot->text, "  ");
    add_quoted(dot, id);
    if (title) {
        text_puts(dot->text, " [label=");
        add_quoted(dot, title);
        text_putc(dot->text, ']');
    } else {
        text_puts(dot->text, " [shape=ellipse]");
    }
    text_puts(dot->text, ";\n");
    return true;
}

// Paths that meet go on over the same edges.
static bool is_drawn(const struct dot *dot, const struct edge *edge)
{
    for (size_t i = 0; i < dot->edges.len; i++) {
        const struct edge *other = vec_at(&dot->edges, i);

        if (!strcmp(other->from, edge->from) && !strcmp(other->to, edge->to) &&
            !strcmp(other->label ? other->label : "", edge->label ? edge->label : ""))
            return true;
    }
    return false;
}

static void add_edge(struct dot *dot, const char *from, const char *to, const char *label,
                     bool is_exact)
{
    struct edge edge = {from, to, label};

    if (is_drawn(dot, &edge))
        return;
    struct edge *slot = vec_add(&dot->edges);
    if (slot)
        *slot = edge;
    text_puts(dot->text, "  ");
    add_quoted(dot, from);
    text_puts(dot->text, " -> ");
    add_quoted(dot, to);
    text_puts(dot->text, " [");
    if (label) {
        text_puts(dot->text, "label=");
        add_quoted(dot, label);
    }
    text_printf(dot->text, "%s];\n", is_exact ? "" : label ? ", style=dashed" : "style=dashed");
}

// A graph about the object of a document; `add` adds what an element of its list says.
static void write_graph(const json_t *document, const char *list,
                        void (*add)(struct dot *dot, const json_t *element), struct output *output)
{
    struct dot dot = {
        .text = output->text, .nodes = VEC_OF(const char *), .edges = VEC_OF(struct edge)};
    const json_t *element;
    size_t i;

    text_puts(dot.text, "digraph {\n  rankdir=LR;\n  node [shape=box, fontname=monospace];\n"
                        "  edge [fontname=monospace];\n  ");
    add_quoted(&dot, json_string_of(document, "block_address"));
    text_puts(dot.text, " [style=filled];\n");
    add_node(&dot, json_string_of(document, "block_address"), json_string_of(document, "title"));
    json_array_foreach(json_object_get(document, list), i, element)
    {
        add(&dot, element);
    }
    text_puts(dot.text, "}\n");
    if (dot.is_cut)
        notes_add(&output->notes, "graph: only the first %d nodes are shown", DOT_NODES_MAX);
    vec_deinit(&dot.nodes);
    vec_deinit(&dot.edges);
}

// --- why ---

static void add_path(struct dot *dot, const json_t *path)
{
    const char *from = json_string_of(json_object_get(path, "root"), "name");
    const json_t *step;
    size_t i;
    bool is_gap = false;

    if (!add_node(dot, from, NULL))
        return;
    json_array_foreach(json_object_get(path, "steps"), i, step)
    {
        const char *to = json_string_of(step, "address");

        if (json_object_get(step, "left_out")) {
            is_gap = true;
            continue;
        }
        if (!add_node(dot, to, json_string_of(step, "title")))
            return;
        add_edge(dot, from, to,
                 is_gap  ? "..."
                 : i > 0 ? json_string_of(step, "by")
                         : NULL,
                 !is_gap && json_is_true(json_object_get(step, "exact")));
        is_gap = false;
        from = to;
    }
}

void dot_why(const json_t *document, struct output *output)
{
    write_graph(document, "paths", add_path, output);
}

// --- refs ---

static void add_ref(struct dot *dot, const json_t *ref)
{
    const char *from = json_string_of(ref, "address");
    bool is_root = !*from;

    if (is_root)
        from = json_string_of(ref, "by");
    if (!add_node(dot, from, is_root ? NULL : json_string_of(ref, "title")))
        return;
    add_edge(dot, from, json_string_of(ref, "target_address"),
             is_root ? NULL : json_string_of(ref, "by"),
             json_is_true(json_object_get(ref, "exact")));
}

void dot_refs(const json_t *document, struct output *output)
{
    write_graph(document, "refs", add_ref, output);
}

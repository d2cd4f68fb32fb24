// SPDX-License-Identifier: MIT
// One page: what is wrong, how things stand, what could not be looked at.
#include <inttypes.h>
#include <string.h>

#include "report/diagnosis.h"

// --- text, from the document ---

static void write_evidence(const json_t *evidence, struct text *text)
{
    const json_t *bytes = json_object_get(evidence, "size_bytes");
    const json_t *count = json_object_get(evidence, "count");

    text_printf(text, "%11s%-22s %s%s", "", json_string_of(evidence, "name"),
                json_string_of(evidence, "address"), json_string_of(evidence, "text"));
    if (*json_string_of(evidence, "symbol"))
        text_printf(text, " %s", json_string_of(evidence, "symbol"));
    if (bytes)
        text_printf(text, "%" PRId64 " bytes", (int64_t)json_integer_value(bytes));
    if (count)
        text_printf(text, "%" PRId64, (int64_t)json_integer_value(count));
    text_putc(text, '\n');
}

static void write_finding(const json_t *finding, struct text *text)
{
    size_t i;
    json_t *evidence;

    text_printf(text, "%-9s%s\n", json_string_of(finding, "level"),
                json_string_of(finding, "text"));
    json_array_foreach(json_object_get(finding, "evidence"), i, evidence)
    {
        write_evidence(evidence, text);
    }
}

static void write_text(const json_t *document, struct text *text)
{
    size_t i;
    json_t *finding;

    if (!json_is_true(json_object_get(document, "is_trouble")))
        text_puts(text, "No sign of trouble.\n");
    json_array_foreach(json_object_get(document, "findings"), i, finding)
    {
        write_finding(finding, text);
    }
}

// --- the report ---

enum { DAMAGES_MAX = 64 }; // of which those that are certain are shown

// A board without a heap that can be read may still tell why its processor stopped; where
// it does not, the heap's error is the answer. What ends the work is not among these.
static bool is_about_heap(int code)
{
    return code == MPH_ERR_NO_HEAP || code == MPH_ERR_AMBIGUOUS || code == MPH_ERR_READ ||
           code == MPH_ERR_BAD_DATA;
}

// Over a link this reads all of the heap in use.
static int load(struct diagnosis *diagnosis, struct mph_err *err)
{
    struct session *session = diagnosis->session;
    struct mph_err *why = &diagnosis->heap_error;
    int rc = session_load_objects(session, why);

    if (is_about_heap(rc)) {
        finding_add(diagnosis, FINDING_UNKNOWN, "heap", "%s", why->text);
        return 0;
    }
    if (rc < 0)
        return mph_fail_again(err, why);
    rc = check_init(&diagnosis->check, &session->objects, DAMAGES_MAX, err);
    if (rc < 0)
        return rc;
    diagnosis->has_objects = true;
    if (session->target.state == RUN_RUNNING) {
        finding_add(diagnosis, FINDING_UNKNOWN, "processor",
                    "the target runs: registers, stack and traceback are known of a halted one "
                    "only (--halt stops it for the read)");
        return 0;
    }
    rc = trace_make(&session->objects, &diagnosis->trace, err);
    diagnosis->has_trace = rc == 0;
    return rc;
}

// What tells most comes first, among troubles as among facts.
static int look(struct diagnosis *diagnosis, struct mph_err *err)
{
    bool is_halted = diagnosis->session->target.state != RUN_RUNNING;
    int rc = load(diagnosis, err);

    if (rc == 0 && is_halted) {
        diagnose_fault(diagnosis);
        diagnose_stack(diagnosis);
    }
    if (rc == 0 && diagnosis->has_objects)
        diagnose_damage(diagnosis);
    if (rc == 0 && diagnosis->has_objects)
        rc = diagnose_memory_error(diagnosis, err);
    if (rc == 0 && diagnosis->has_objects)
        diagnose_python(diagnosis);
    if (rc == 0 && is_halted)
        diagnose_processor(diagnosis);
    if (rc == 0 && diagnosis->has_objects)
        rc = diagnose_tasks(diagnosis, err);
    if (rc == 0 && diagnosis->has_objects)
        rc = diagnose_heap(diagnosis, err);
    if (rc == 0 && is_halted)
        diagnose_stack_use(diagnosis);
    return rc;
}

static json_t *document_of(const struct diagnosis *diagnosis)
{
    json_t *all = json_array();

    for (size_t i = 0; i < FINDING_LEVELS; i++)
        json_array_extend(all, diagnosis->findings[i]);
    return json_pack("{s:b, s:o}", "is_trouble",
                     json_array_size(diagnosis->findings[FINDING_TROUBLE]) > 0, "findings", all);
}

static int write(const struct diagnosis *diagnosis, struct mph_err *err)
{
    struct output *output = diagnosis->output;
    json_t *document = document_of(diagnosis);

    report_common_notes(diagnosis->session, output);
    if (output->is_json)
        return output_json(output, document, err);
    write_text(document, output->text);
    json_decref(document);
    return 0;
}

static int run_diagnose(struct session *session, const void *options, struct output *output,
                        struct mph_err *err)
{
    struct diagnosis diagnosis = {.session = session, .output = output};
    int rc;

    (void)options;
    for (size_t i = 0; i < FINDING_LEVELS; i++)
        diagnosis.findings[i] = json_array();
    rc = look(&diagnosis, err);
    bool is_trouble = json_array_size(diagnosis.findings[FINDING_TROUBLE]) > 0;
    if (rc == 0 && !diagnosis.has_objects && !is_trouble)
        rc = mph_fail_again(err, &diagnosis.heap_error);
    if (rc == 0)
        rc = write(&diagnosis, err);
    if (diagnosis.has_trace)
        trace_deinit(&diagnosis.trace);
    if (diagnosis.has_objects)
        check_deinit(&diagnosis.check);
    for (size_t i = 0; i < FINDING_LEVELS; i++)
        json_decref(diagnosis.findings[i]);
    return rc < 0 ? rc : is_trouble;
}

const struct report report_diagnose = {
    .name = "diagnose",
    .summary = "one page: why the board hangs, and what speaks for it",
    .help = "What is wrong comes first, then how things stand, then what could not be looked "
            "at; below each line what it is believed for. One moment does not tell whether "
            "something moves. Status 1 when there is trouble.",
    .run = run_diagnose,
};

// SPDX-License-Identifier: MIT
#include "cli/help.h"

#include <stdio.h>

#include "base/text.h"
#include "cli/options.h"

static const char general_doc[] =
    "The heap of a MicroPython board, from outside."
    "\v`mpheap REPORT --help' shows the options of a report.\n\n"
    "Exit status: 0 done; 1 done, and the report found what it looks for; 2 wrong usage; "
    "3 the target or a file could not be read; 4 no MicroPython heap there, or more than one "
    "answer; 5 out of memory or another failure of our own.";

static char *print_help(const struct argp *argp, const char *name, bool lists_reports)
{
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);

    if (!stream)
        return NULL;
    argp_help(argp, stream, ARGP_HELP_PRE_DOC | ARGP_HELP_USAGE | ARGP_HELP_LONG, (char *)name);
    if (lists_reports) {
        fputs("\n Reports:\n", stream);
        for (size_t i = 0; reports[i]; i++)
            fprintf(stream, "  %-10s %-8s %s\n", reports[i]->name,
                    reports[i]->arguments ? reports[i]->arguments : "", reports[i]->summary);
    }
    fputc('\n', stream);
    argp_help(argp, stream, ARGP_HELP_POST_DOC, (char *)name);
    return fclose(stream) == 0 ? text : NULL;
}

char *help_in_general(void)
{
    const struct argp argp = {
        common_options, NULL, "REPORT [ARGS]", general_doc, NULL, NULL, NULL};

    return print_help(&argp, "mpheap", true);
}

char *help_of_report(const struct report *report)
{
    char name[64];
    const struct argp_child children[] = {{report->argp, 0, "The report:", 0}, {0}};
    const struct argp argp = {common_options,
                              NULL,
                              report->arguments,
                              report->help,
                              report->argp ? children : NULL,
                              NULL,
                              NULL};

    snprintf(name, sizeof name, "mpheap %s", report->name);
    return print_help(&argp, name, false);
}

char *help_report_names(void)
{
    struct text names;

    text_init(&names, NULL);
    for (size_t i = 0; reports[i]; i++)
        text_printf(&names, "%s\n", reports[i]->name);
    return names.bytes;
}

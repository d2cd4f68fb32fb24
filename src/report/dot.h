// SPDX-License-Identifier: MIT
// Neighbourhoods of an object as Graphviz graphs (dot -Tsvg), from JSON documents.
#ifndef MPH_REPORT_DOT_H
#define MPH_REPORT_DOT_H

#include "report/report.h"

// Nodes of a graph; where there would be more it is cut, and a note says so.
enum { DOT_NODES_MAX = 300 };

// Of the document of `why`: its paths. Of the document of `refs`: all that refers to it.
void dot_why(const json_t *document, struct output *output);
void dot_refs(const json_t *document, struct output *output);

#endif

// Package chat answers questions from documents. Everything an answer claims can be pointed at: a citation is a span of
// stored text, found and checked by code, not by the model.
package chat

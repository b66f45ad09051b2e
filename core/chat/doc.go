// Package chat answers questions from documents. What an answer claims can be pointed at: a citation is a span of stored
// text, found and checked by code, not by the model.
package chat

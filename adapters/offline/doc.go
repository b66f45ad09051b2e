// Package offline implements the ports of core/llm without a network and without a model.
//
// The Embedder hashes words and parts of words: it finds texts that share vocabulary, also with typing errors and other
// endings, and knows nothing of meaning. The Generator answers by quoting the sentences that answer; it writes no word of
// its own and stays silent where no sentence answers. Both give the same for the same input, on every machine, for ever.
// They make the product complete where no model may be reached, and they say what they are: the names of Space and Model
// begin with "offline".
package offline

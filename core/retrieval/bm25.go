package retrieval

import "math"

// BM25 holds the two parameters of the formula in Lucene's form (S. Robertson, H. Zaragoza: The Probabilistic Relevance
// Framework, 2009; without the constant factor k1+1, as in Lucene since version 8). Its zero value is not usable; see
// DefaultBM25.
type BM25 struct {
	K1 float64 // how soon repeating a term stops to count, at least 0
	B  float64 // how much long chunks are discounted, 0 to 1
}

// DefaultBM25 returns the parameters of Anserini's baselines, 0.9 and 0.4.
func DefaultBM25() BM25 { return BM25{K1: 0.9, B: 0.4} }

// IDF is the inverse document frequency of a word that df of n chunks contain.
func (BM25) IDF(n, df int) float64 {
	return math.Log(1 + (float64(n)-float64(df)+0.5)/(float64(df)+0.5))
}

// TF is the saturated frequency, 0 to 1, of a word that occurs count times in a chunk of the given length, where chunks
// have the mean length.
func (p BM25) TF(count, length int, mean float64) float64 {
	tf := float64(count)
	return tf / (tf + p.K1*(1-p.B+p.B*float64(length)/mean))
}

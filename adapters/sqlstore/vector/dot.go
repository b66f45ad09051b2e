package vector

// Dot returns the inner product of a and b, which must have the same length: the score that a search ranks by. The
// products are exact in float64; they are summed in eight lanes, in an order that depends on the length alone, and
// the sum is rounded once. The result is therefore the same on every machine, whether or not it fuses multiply and
// add, and within a rounding of the true product. Finite vectors never give NaN.
func Dot(a, b []float32) float32 {
	b = b[:len(a)]
	var s [8]float64
	for len(a) >= 8 && len(b) >= 8 {
		s[0] += float64(a[0]) * float64(b[0])
		s[1] += float64(a[1]) * float64(b[1])
		s[2] += float64(a[2]) * float64(b[2])
		s[3] += float64(a[3]) * float64(b[3])
		s[4] += float64(a[4]) * float64(b[4])
		s[5] += float64(a[5]) * float64(b[5])
		s[6] += float64(a[6]) * float64(b[6])
		s[7] += float64(a[7]) * float64(b[7])
		a, b = a[8:], b[8:]
	}
	for i := range a {
		s[i] += float64(a[i]) * float64(b[i])
	}
	return float32(((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7])))
}

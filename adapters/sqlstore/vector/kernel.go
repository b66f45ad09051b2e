package vector

// kernel computes the inner products of a query and len(out) rows of codes, each as long as the code of the query: a
// multiple of stripe. Integers that can't overflow are added, so all kernels give the same results.
type kernel func(codes []int8, q *query, out []int32)

// namedKernel is a kernel that this machine can run.
type namedKernel struct {
	name string
	run  kernel
}

// portable is the kernel for machines without a better one.
func portable() namedKernel {
	return namedKernel{"portable", func(codes []int8, q *query, out []int32) {
		for i := range out {
			out[i] = dotRow(codes[i*len(q.wide):], q.wide)
		}
	}}
}

func dotRow(codes []int8, wide []int16) int32 {
	codes = codes[:len(wide)]
	var a, b, c, d int32
	for len(codes) >= 4 && len(wide) >= 4 {
		a += int32(codes[0]) * int32(wide[0])
		b += int32(codes[1]) * int32(wide[1])
		c += int32(codes[2]) * int32(wide[2])
		d += int32(codes[3]) * int32(wide[3])
		codes, wide = codes[4:], wide[4:]
	}
	return a + b + c + d
}

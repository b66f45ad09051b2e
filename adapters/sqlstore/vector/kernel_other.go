//go:build !amd64 && !arm64

package vector

// kernels returns the kernels for this machine, the fastest first.
func kernels() []namedKernel {
	return []namedKernel{portable()}
}

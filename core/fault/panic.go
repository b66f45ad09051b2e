package fault

import (
	"fmt"
	"runtime/debug"
)

// Recover makes an error without a kind of a panic; its text, with the stack, is for operators. A goroutine whose work may call
// what others have written, such as a port, defers it, since a panic in a goroutine ends the program otherwise:
//
//	defer fault.Recover(&err)
func Recover(err *error) {
	if value := recover(); value != nil {
		*err = fmt.Errorf("panic: %v\n%s", value, debug.Stack())
	}
}

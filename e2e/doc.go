// Package e2e tells what the product does, from outside: its tests build the shells, start them as processes of their own
// and speak HTTP to them, knowing nothing but the contract. One file per noun; a test is a story whose name is a sentence.
//
//	go test ./e2e                       everything, a few minutes
//	go test ./e2e -short                the same stories with fewer documents and fewer crashes
//	go test ./e2e -race                 the shells are built with the race detector, too
//	E2E_BINARIES=folder                 shells that are there already, such as those of a release
//	E2E_PROFILE=embedded                where data is kept; see profile_test.go
//	CRASH_KILLS=200 CRASH_SEED=7        how often, and when, the crash story kills
package e2e

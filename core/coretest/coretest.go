// Package coretest is the conformance suite of the core's ports. Every adapter runs the suite of the port that it
// implements; a bug found in one adapter becomes a case here, so that all adapters learn it. It is imported by tests only.
package coretest

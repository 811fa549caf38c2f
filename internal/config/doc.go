// Package config reads exitplan.yaml, the environment and the flags into one
// checked value.
//
// Three layers set a key, the later one wins: the file, the environment
// variable EXITPLAN_<SECTION>_<KEY>, and an override (a flag). Every key has
// its variable; lists and objects are written as YAML or JSON there.
//
// Nothing is guessed and nothing ignored: unknown keys, unknown values and
// impossible dates are errors, and all of them are reported at once, one line
// each, with the key and what to do.
package config

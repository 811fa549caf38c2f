// Package forecast says when an export will be finished, how sure that is, and
// what would bring it in: from what is left to do ([Load]), and from what there
// is to do it with ([Supply]). It reads no clock and sends nothing.
package forecast

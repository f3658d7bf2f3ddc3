/** The few helpers that hide the traps of the libtorch binding. */
@NullMarked
package dev.filigree.torch;

import org.jspecify.annotations.NullMarked;

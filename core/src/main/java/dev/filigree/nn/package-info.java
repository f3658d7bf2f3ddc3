/** Layers that can run sparse. */
@NullMarked
package dev.filigree.nn;

import org.jspecify.annotations.NullMarked;

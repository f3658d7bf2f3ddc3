/** Layers that can be sparse, and the layers, kernels and initial values around them. */
@NullMarked
package dev.filigree.nn;

import org.jspecify.annotations.NullMarked;

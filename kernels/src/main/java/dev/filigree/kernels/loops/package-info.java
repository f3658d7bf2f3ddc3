/**
 * The innermost loops over one block of a sparse matrix: their interface and its scalar
 * implementation.
 */
@NullMarked
package dev.filigree.kernels.loops;

import org.jspecify.annotations.NullMarked;

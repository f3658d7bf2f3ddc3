/** The innermost loops over one block of a sparse matrix: their contract and the scalar twin. */
@NullMarked
package dev.filigree.kernels.loops;

import org.jspecify.annotations.NullMarked;

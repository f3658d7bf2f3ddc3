/**
 * Sparse matrices of kept weights and the three products that training a linear layer needs.
 * Depends on nothing but the JDK.
 *
 * <p>{@link dev.filigree.kernels.SparseMatrix} holds positions, {@link
 * dev.filigree.kernels.SparseKernels} multiplies.
 */
@NullMarked
package dev.filigree.kernels;

import org.jspecify.annotations.NullMarked;

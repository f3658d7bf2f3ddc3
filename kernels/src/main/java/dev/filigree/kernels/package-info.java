/** Sparse matrices of kept weights and the loops over them. Stands on the JDK alone. */
@NullMarked
package dev.filigree.kernels;

import org.jspecify.annotations.NullMarked;

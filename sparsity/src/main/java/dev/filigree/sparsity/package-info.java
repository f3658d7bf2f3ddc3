/**
 * Sparse training: algorithms that decide which weights exist, and the optimizer wrapper that keeps
 * it so.
 */
@NullMarked
package dev.filigree.sparsity;

import org.jspecify.annotations.NullMarked;

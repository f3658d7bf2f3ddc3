/**
 * Algorithms: which weights exist. One file for each, with its paper; {@link
 * dev.filigree.sparsity.algorithm.SparsityAlgorithm} says what a new one writes.
 */
@NullMarked
package dev.filigree.sparsity.algorithm;

import org.jspecify.annotations.NullMarked;

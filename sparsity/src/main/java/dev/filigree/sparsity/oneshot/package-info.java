/**
 * Pruning after training, in one shot: which weights of a trained layer stay, and what the others'
 * share becomes. One file for each method, with its paper; {@link
 * dev.filigree.sparsity.oneshot.OneShotAlgorithm} says what a new one writes.
 */
@NullMarked
package dev.filigree.sparsity.oneshot;

import org.jspecify.annotations.NullMarked;

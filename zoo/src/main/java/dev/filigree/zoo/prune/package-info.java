/** Pruning a trained network in one shot, block by block. */
@NullMarked
package dev.filigree.zoo.prune;

import org.jspecify.annotations.NullMarked;

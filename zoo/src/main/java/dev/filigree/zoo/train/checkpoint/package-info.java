/** Checkpoints: saved, found, checked, read, imported. */
@NullMarked
package dev.filigree.zoo.train.checkpoint;

import org.jspecify.annotations.NullMarked;

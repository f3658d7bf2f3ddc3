/** The trainer, its listeners and what a run leaves behind. */
@NullMarked
package dev.filigree.zoo.train;

import org.jspecify.annotations.NullMarked;

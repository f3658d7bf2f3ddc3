/** Evaluation of trained models. */
@NullMarked
package dev.filigree.zoo.eval;

import org.jspecify.annotations.NullMarked;

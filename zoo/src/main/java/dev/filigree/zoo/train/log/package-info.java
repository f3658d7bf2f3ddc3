/** The files that a run writes down what happens in: metrics.jsonl, metrics.csv, TensorBoard. */
@NullMarked
package dev.filigree.zoo.train.log;

import org.jspecify.annotations.NullMarked;

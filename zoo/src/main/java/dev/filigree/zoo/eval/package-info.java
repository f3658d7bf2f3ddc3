/** Few-shot multiple-choice tasks, scored by log-likelihood as the Open LLM Leaderboard does. */
@NullMarked
package dev.filigree.zoo.eval;

import org.jspecify.annotations.NullMarked;

/** From files to batches: sources, tokenizers, token caches, loaders. */
@NullMarked
package dev.filigree.zoo.data;

import org.jspecify.annotations.NullMarked;

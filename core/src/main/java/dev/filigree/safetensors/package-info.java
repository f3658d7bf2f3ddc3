/** Tensor files in the safetensors format: a checked JSON header, then raw little-endian data. */
@NullMarked
package dev.filigree.safetensors;

import org.jspecify.annotations.NullMarked;

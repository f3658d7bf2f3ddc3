/**
 * Helpers around the libtorch binding: memory and scopes, custom gradients, kernels, and settings
 * that must precede loading.
 */
@NullMarked
package dev.filigree.torch;

import org.jspecify.annotations.NullMarked;

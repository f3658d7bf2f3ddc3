/**
 * How sparse weights are stored, what forward passes multiply with, and the products of compressed
 * weights, one implementation for each kind of device.
 */
@NullMarked
package dev.filigree.sparsity.storage;

import org.jspecify.annotations.NullMarked;

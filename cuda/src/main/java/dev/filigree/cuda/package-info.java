/**
 * Kernels for NVIDIA GPUs: CUDA C++ compiled at run time by NVRTC for the card at hand, kept on
 * disk, and launched through the driver. It needs no native code of its own and knows nothing of
 * libtorch: memory is an address, a stream a handle.
 */
@NullMarked
package dev.filigree.cuda;

import org.jspecify.annotations.NullMarked;

package dev.filigree.cuda;

/** What NVIDIA's driver or compiler refused, in one line; a compiler's messages follow. */
public final class CudaException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  CudaException(String message) {
    super(message);
  }
}

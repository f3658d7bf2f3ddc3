package dev.filigree.cuda;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** NVIDIA's libraries that a program brings along only in part: libtorch needs those named here. */
public final class CudaLibraries {
  /** What libtorch 2.10 for CUDA 13 is linked with. */
  private static final List<String> OF_LIBTORCH =
      List.of(
          "libcudart.so.13",
          "libcublas.so.13",
          "libcublasLt.so.13",
          "libcudnn.so.9",
          "libcusparse.so.12",
          "libcusolver.so.12",
          "libcufft.so.12",
          "libcufile.so.0",
          "libcurand.so.10",
          "libnccl.so.2");

  private CudaLibraries() {}

  /** Those that libtorch needs and the dynamic linker does not find. */
  public static List<String> missing() {
    return OF_LIBTORCH.stream().filter(name -> !NativeLibrary.isLinked(name)).toList();
  }

  /** The usual folder of a library, whether the linker searches it or not. */
  public static Optional<Path> folder(String library) {
    return NativeLibrary.folder(library);
  }
}

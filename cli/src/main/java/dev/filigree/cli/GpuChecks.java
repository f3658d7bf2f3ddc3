package dev.filigree.cli;

import dev.filigree.cuda.CudaDevice;
import dev.filigree.cuda.CudaLibraries;
import dev.filigree.cuda.Nvrtc;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.bytedeco.pytorch.global.torch;

/** What the doctor checks of NVIDIA's cards, in the order in which one needs the other. */
final class GpuChecks {
  private static final String TOOLKIT =
      "apt install cuda-toolkit-13-0 cudnn9-cuda-13 libnccl2"
          + " (NVIDIA's packages: https://developer.nvidia.com/cuda-downloads)";

  private GpuChecks() {}

  /** All that matters on this machine: one where there is no GPU. */
  static List<Supplier<Check>> all() {
    if (CudaDevice.obstacle().isPresent()) {
      return List.of(GpuChecks::none);
    }
    return isForCuda()
        ? List.of(GpuChecks::cards, GpuChecks::libraries, GpuChecks::compiler)
        : List.of(GpuChecks::cards, GpuChecks::otherLibtorch);
  }

  /** Whether libtorch can be loaded: the one for GPUs needs NVIDIA's libraries even to start. */
  static boolean libtorchLoads() {
    return !isForCuda() || CudaLibraries.missing().isEmpty();
  }

  /** Whether the libtorch on the class path is the one for GPUs; it is not loaded for that. */
  private static boolean isForCuda() {
    return torch.class.getResource("/org/bytedeco/pytorch/linux-x86_64-gpu/libjnitorch.so") != null;
  }

  private static Check none() {
    String found = "none: " + CudaDevice.obstacle().orElseThrow();
    return libtorchLoads()
        ? Check.good("GPU", found + "; the CPU computes")
        : Check.missing(
            "GPU",
            found + "; and this libtorch is the one for GPUs",
            "FILIGREE_CUDA=0 ./filigree doctor");
  }

  private static Check cards() {
    String cards =
        CudaDevice.all().stream().map(GpuChecks::describe).collect(Collectors.joining(", "));
    return Check.good("GPU", cards + "; driver for CUDA " + CudaDevice.driverVersion());
  }

  private static String describe(CudaDevice card) {
    return String.format(
        Locale.ROOT,
        "cuda:%d %s, %.0f GiB",
        card.index(),
        card.name(),
        card.memory() / (double) (1L << 30));
  }

  private static Check otherLibtorch() {
    return Check.slow(
        "libtorch",
        "made for CPUs only: the GPU is not used",
        "FILIGREE_CUDA=1 ./filigree doctor (once: it fetches 460 MB and is remembered)");
  }

  private static Check libraries() {
    List<String> missing = CudaLibraries.missing();
    if (missing.isEmpty() && torch.cuda_is_available()) {
      return Check.good("CUDA libraries", "found, and CUDA works");
    }
    return missing.isEmpty()
        ? Check.missing("CUDA libraries", "found, but libtorch cannot use the GPU", TOOLKIT)
        : Check.missing(
            "CUDA libraries", String.join(", ", missing) + " not found", remedy(missing));
  }

  /** The folders to tell the linker about, where all that is missing lies on this machine. */
  private static String remedy(List<String> missing) {
    var folders = new TreeSet<String>();
    var nowhere = new ArrayList<String>();
    for (String library : missing) {
      Optional<Path> folder = CudaLibraries.folder(library);
      folder.ifPresentOrElse(path -> folders.add(path.toString()), () -> nowhere.add(library));
    }
    return nowhere.isEmpty() ? "export LD_LIBRARY_PATH=" + String.join(":", folders) : TOOLKIT;
  }

  private static Check compiler() {
    return Nvrtc.find()
        .map(nvrtc -> Check.good("NVRTC", nvrtc.version() + ", " + nvrtc.library()))
        .orElseGet(
            () ->
                Check.missing(
                    "NVRTC",
                    "not found: weights run masked, and selections are slower",
                    "apt install cuda-nvrtc-13-0, or pip install nvidia-cuda-nvrtc"));
  }
}

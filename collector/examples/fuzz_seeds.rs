//! Fills the corpora of the fuzz targets with the small requests of the recordings, in each encoding.

use std::path::{Path, PathBuf};

use pointsman_collector::wire::json_to_protobuf;

/// The fuzzer gets further with many small inputs than with few large ones.
const LONGEST: usize = 12_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let corpus = |target: &str| here.join("fuzz/corpus").join(target);
    for target in ["json", "protobuf", "recording"] {
        std::fs::create_dir_all(corpus(target))?;
    }
    for file in recordings(&here.join("../fixtures"))? {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let lines = zstd::decode_all(std::fs::File::open(&file)?)?;
        let small = lines.split(|byte| *byte == b'\n').filter(|line| (1..LONGEST).contains(&line.len()));
        for (at, line) in small.take(8).enumerate() {
            let seed = format!("{name}-{at}");
            let otlp = json_to_protobuf(line)?;
            let length = u32::try_from(otlp.len())?.to_be_bytes();
            std::fs::write(corpus("json").join(&seed), line)?;
            std::fs::write(corpus("protobuf").join(&seed), &otlp)?;
            std::fs::write(corpus("recording").join(format!("{seed}-lines")), [line, b"\n", line].concat())?;
            let frames = [&length, &otlp[..], &length, &otlp[..]].concat();
            std::fs::write(corpus("recording").join(format!("{seed}-frames")), frames)?;
        }
    }
    Ok(())
}

fn recordings(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let files = std::fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path()));
    let mut files = files.collect::<Result<Vec<_>, _>>()?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "zst"));
    Ok(files)
}
